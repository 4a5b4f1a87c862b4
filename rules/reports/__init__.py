"""What agencies report of their dossiers: pure counts over plain rows, with the identities that they must satisfy."""
