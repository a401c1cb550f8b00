"""The people's pages: one typed record per page, templates, message catalogues and styles. Knows nothing of HTTP."""
