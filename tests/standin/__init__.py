"""The stand-in for Kubespray, without hosts: run by the ansible-core that a deployer would have."""
