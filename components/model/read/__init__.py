"""From the configuration's mappings to what is declared: a module for each section."""
