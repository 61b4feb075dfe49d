// Stands in for ../../sealed/static/start_worker.js: a key holder seals nothing.

import { Refusal } from '../../sealed/static/protocol.js'

export function startWorker () {
  throw new Refusal('seal.broken')
}
