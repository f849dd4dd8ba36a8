"""What runs on the deployer beside Kubespray: uploaded with the model of convergence, under the same names."""
