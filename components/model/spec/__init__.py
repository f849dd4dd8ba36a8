"""What is declared: frozen values."""
