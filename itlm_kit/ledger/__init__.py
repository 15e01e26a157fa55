"""What a claim of the paper is, the tables it prints, the measures that check it, and the verdicts."""
