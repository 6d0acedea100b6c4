"""The questions that a report answers, each giving its section."""
