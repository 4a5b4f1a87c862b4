"""Reports as sheets, a module a report: the same figures for the command and for the console."""
