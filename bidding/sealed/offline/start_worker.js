// Stands in for ../static/start_worker.js: the worker's script is part of the file, as a text.

import source from 'worker-source'

let address = null

export function startWorker () {
  address = address || URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
  return new Worker(address)
}
