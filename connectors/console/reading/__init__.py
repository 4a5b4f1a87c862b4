"""What the pages show, read from the read model: values, without HTML and without a decision about a dossier."""
