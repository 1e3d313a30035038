"""What happens because time passes: cases are reminded of, escalated, overdue; publications end."""
