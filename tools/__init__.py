"""What people and CI run that is no room of the platform itself."""
