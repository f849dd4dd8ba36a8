"""What runs on the deployer, from the files that are uploaded: against a fake ansible-playbook, and with the real one."""
