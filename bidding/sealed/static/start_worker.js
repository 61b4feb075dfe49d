// Starts the heavy half of sealing beside the page. A page that is one file has another such module.

export const startWorker = () => new Worker(new URL('./seal.worker.js', import.meta.url), { type: 'module' })
