"""Template documents: their JSON Schema, their placeholders, and the built-in templates."""
