"""One run as a page to read: contents, and what they look like as HTML and as markdown."""
