// Both languages of a tool's page: its texts, the buttons that switch, and what is made again then.

const state = { at: 0, texts: {}, again: () => {} }

/** A text in the page's language, with its gaps filled. */
export const say = (name, ...values) => values.reduce((text, value) => text.replace('{}', () => String(value)), state.texts[name][state.at])
export const knows = name => Object.hasOwn(state.texts, name)

function speak () {
  document.documentElement.lang = ['zh-CN', 'en'][state.at]
  document.title = `${['明堂', 'Mingtang'][state.at]} · ${say('brand')}`
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = say(element.dataset.text)
  for (const [at, id] of ['zh', 'en'].entries()) document.getElementById(id).setAttribute('aria-pressed', String(at === state.at))
  state.again()
}

/** Begin in the language of the browser; ``again`` writes what the page put in by itself. */
export function start (texts, again) {
  Object.assign(state, { texts, again, at: (navigator.language || 'zh').startsWith('zh') ? 0 : 1 })
  for (const [at, id] of ['zh', 'en'].entries()) {
    document.getElementById(id).addEventListener('click', () => {
      state.at = at
      speak()
    })
  }
  speak()
}
