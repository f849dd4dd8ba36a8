"""What is wrong with a configuration, or cannot be done."""
