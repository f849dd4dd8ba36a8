"""Programs that the deployer runs beside Kubespray; uploaded together with the model of convergence, as a package."""
