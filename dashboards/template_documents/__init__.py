"""Template documents: their JSON Schema, their placeholders, and those that come with the service."""
