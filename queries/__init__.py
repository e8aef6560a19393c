"""From query JSON and HogQL to results."""
