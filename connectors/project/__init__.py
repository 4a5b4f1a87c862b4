"""The read model: what the topics say, in tables that can be asked. Filled by `hoso project`, read by reports."""
