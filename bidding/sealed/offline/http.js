// Stands in for ../static/http.js: the tool has nobody to talk to.

import { Refusal } from '../static/protocol.js'

export const csrfToken = () => ''

export async function get () {
  throw new Refusal('upload.offline')
}

export const post = get
