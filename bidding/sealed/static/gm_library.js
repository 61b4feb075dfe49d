// Where the national algorithms come from: pages have the package by name, in the import map; a
// worker, which has none, is told its address. A page that is one file has another such module.

/** Where a worker finds the library. */
export const address = () => import.meta.resolve('sm-crypto-v2')

export const bring = (where = 'sm-crypto-v2') => import(where)
