"""Wrong labels: Figure 1(a, b), Tables 1 and 2, and beyond the paper."""
