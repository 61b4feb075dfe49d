"""Live competition for a price: listing, timed bidding, auction phases, price ceilings, falling prices."""
