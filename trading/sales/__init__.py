"""Sale of land and of property rights (出让、转让): the parcel, and the terms on which it is competed for."""
