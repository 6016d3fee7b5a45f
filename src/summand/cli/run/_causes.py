"""What a treatment or a change did."""
