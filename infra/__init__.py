"""What is deployed: settings, stacks (lifetimes) and components (capabilities)."""
