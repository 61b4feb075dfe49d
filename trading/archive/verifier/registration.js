// What was registered of a lot.

export const REGISTRATION = '05-registration/registration.json'

/** What was registered of the sale: terms, way of bidding, seller. */
export const registration = reading => reading.pack.document(REGISTRATION)
