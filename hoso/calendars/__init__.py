"""The calendar as reference data: written by rule, shown against what is in force, put in force and taken back."""
