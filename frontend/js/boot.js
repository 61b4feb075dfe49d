// Starts what a page needs: GOV.UK components, the clock, small conveniences, live logs.
import { initAll } from '../vendor/govuk-frontend/dist/govuk/govuk-frontend.min.js'
import { startClock } from './time.js'
import { startUi } from './ui.js'
import { startLive } from './live.js'
import { startParts } from './parts.js'

document.documentElement.classList.add('js-enabled')
document.body.classList.add('js-enabled')
if ('noModule' in HTMLScriptElement.prototype) document.body.classList.add('govuk-frontend-supported')

startClock()
startUi()
startLive()
startParts()
initAll()
