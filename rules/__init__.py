"""The trade: pure functions that decide about dossiers. They import `schemas`, and no clock, network, store or log."""
