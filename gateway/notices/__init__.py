"""What somebody is told without asking again: outbox and webhooks."""
