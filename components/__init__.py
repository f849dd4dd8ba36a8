"""What Pulumi sees: the component resources of a stretched cluster."""
