"""Parts of pages: the grid of tiles, Markdown, links in plain text, and charts."""
