// What HTML can't do by itself. Everything works without this file; it only makes it quicker.
const find = (selector, from = document) => from.querySelector(selector)
const all = (selector) => [...document.querySelectorAll(selector)]
const on = (names, listener) => {
  for (const name of names.split(' ')) document.addEventListener(name, listener, true)
}
const typing = (element) => element.closest?.('input, textarea, select, [contenteditable]')
const narrow = matchMedia('(max-width: 60rem)')

const openMenu = 'details:is(.menu, .fold)[open]'

// Menus close when one clicks elsewhere, as people expect of menus.
on('click', ({ target }) => {
  for (const menu of all(openMenu)) if (!menu.contains(target)) menu.open = false
  if (target.closest('[data-dismiss]')) find('#toast').replaceChildren()
  if (target.closest('[data-keys]')) showKeys()
})

// What is clicked with a key that asks for a tab or a window is the browser's: htmx would stop it before it looks at the key.
on('click', (event) => {
  if ((event.ctrlKey || event.metaKey || event.shiftKey) && event.target.closest('a')) event.stopPropagation()
})

// A second click while the first is on its way would find everything done, and say that it can't be.
let sent = new WeakMap()
on('submit', (event) => {
  const { target } = event
  if (target.method !== 'post') return
  if (performance.now() - sent.get(target) < 10_000) {
    event.preventDefault()
    event.stopPropagation()
  } else sent.set(target, performance.now())
})
on('htmx:finally:request', ({ detail: { ctx } }) => sent.delete(ctx.sourceElement.closest('form')))
addEventListener('pageshow', () => {
  sent = new WeakMap()
})

// Two single keys, which whoever dictates or is in their way can switch off. A cookie holds that, because signing out clears the
// browser's other storage.
const keysOn = () => !/(^|; )keys=off/.test(document.cookie)
const showKeys = () => {
  if (!find('#keys'))
    document.body.insertAdjacentHTML(
      'beforeend',
      `<dialog id="keys" aria-labelledby="keys-title"><form method="dialog"><h2 id="keys-title">Keyboard shortcuts</h2>
<dl class="facts"><dt><kbd>/</kbd><dd>Go to the search<dt><kbd>?</kbd><dd>Show these shortcuts<dt><kbd>Esc</kbd><dd>Close a menu or the details</dl>
<label class="check"><input type="checkbox" id="keys-on">Use / and ?</label><button class="btn">Close</button></form></dialog>`,
    )
  const box = find('#keys-on')
  box.checked = keysOn()
  box.onchange = () => {
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API isn't in the browsers of old machines.
    document.cookie = `keys=${box.checked ? 'on' : 'off'}; path=/; max-age=31536000; samesite=lax`
  }
  if (!find('#keys').open) find('#keys').showModal()
}
// Their entry in the name menu, and in the narrow screen's menu; where no script runs there are none.
on('toggle', ({ target }) => {
  const menu = target.matches('.fold') ? find('.side') : target.matches('.me') && target
  const form = menu && !find('[data-keys]', menu) && find('form', menu)
  const entry = '<button type="button" data-keys>Keyboard shortcuts</button>'
  const item = form ? form.closest('li') : null
  if (item) item.insertAdjacentHTML('beforebegin', `<li>${entry}</li>`)
  else if (form) form.insertAdjacentHTML('beforebegin', entry)
})

on('keydown', (event) => {
  const { key, target } = event
  if (event.ctrlKey || event.metaKey || event.altKey || find('dialog[open]')) return
  const menu = find(openMenu)
  if (key === 'Escape') {
    // An open sheet is closed by the browser, and a search box is emptied by it.
    if ('popover' in document.body && find(':popover-open')) return
    if (menu) {
      menu.open = false
      find('summary', menu).focus()
    } else if (!typing(target)) find('.panel .close')?.click()
  } else if (!typing(target) && keysOn()) {
    if (key === '?') showKeys()
    const search = key === '/' && find('input[type=search]')
    if (search) {
      event.preventDefault()
      search.focus()
      search.select()
    }
  }
})

// A row's Actions: a menu, loaded when it is opened. Where there are no popovers, and with Ctrl, the link leads to the panel.
const popovers = 'popover' in document.body
let owner = null
let pressed = null
const openActs = async (link) => {
  owner = link
  link.ariaBusy = 'true'
  const headers = { 'HX-Request-Type': 'partial', 'HX-Current-URL': location.href }
  const answer = await fetch(`${link.pathname}/actions${link.search}`, { headers }).catch(() => null)
  const html = await answer?.text().catch(() => null)
  link.ariaBusy = null
  // Meanwhile another one was opened, or other people came.
  if (owner !== link || !link.isConnected) return
  if (html == null) return tell(unreachable)
  const to = answer.headers.get('HX-Redirect')
  if (to) return location.assign(to)
  if (!answer.ok) return tellOf(html)
  find('#acts')?.remove()
  const menu = new DOMParser().parseFromString(html, 'text/html').getElementById('acts')
  // What answers in Rollcall's place, as the line of a hotel does, has none.
  if (!menu) return tell(unreachable)
  link.after(menu)
  menu.addEventListener('beforetoggle', ({ newState }) => {
    link.ariaExpanded = newState === 'open'
  })
  menu.showPopover()
  const { top, bottom, right } = link.getBoundingClientRect()
  const height = menu.offsetHeight
  const up = bottom + height > innerHeight && top > height + 48
  menu.style.top = `${scrollY + (up ? top - height : bottom)}px`
  menu.style.right = `${Math.max(8, document.documentElement.clientWidth - right)}px`
  htmx.process(menu)
  find('a', menu)?.focus({ preventScroll: true })
  menu.scrollIntoView({ block: 'nearest' })
}
const isOpen = (link) => owner === link && !!find('#acts:popover-open')
// Pressing closes what is open, so that the click would open it again.
on('pointerdown', ({ target }) => {
  const link = popovers && target.closest('.go')
  pressed = link && isOpen(link) ? link : null
})
on('click', (event) => {
  const { target } = event
  if (target.closest('#acts a')) find('#acts').hidePopover()
  const link = popovers && target.closest('.go')
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
  event.preventDefault()
  event.stopPropagation()
  if (pressed === link || isOpen(link)) find('#acts').hidePopover()
  else openActs(link)
  pressed = null
})
on('focusout', ({ target, relatedTarget }) => {
  const menu = relatedTarget && target.closest('#acts')
  if (menu && !menu.contains(relatedTarget)) menu.hidePopover()
})
on('keydown', (event) => {
  const { key, target } = event
  if (key === ' ' && popovers && target.matches?.('.go')) {
    event.preventDefault()
    target.click()
  }
  const menu = target.closest?.('.items')
  const step = { ArrowDown: 1, ArrowUp: -1 }[key]
  if (!menu || !step) return
  event.preventDefault()
  const entries = [...menu.querySelectorAll('a, button')]
  entries.at((entries.indexOf(target) + step) % entries.length).focus()
})
const nameActs = () => {
  if (!popovers) return
  for (const link of all('.go:not([role])')) {
    link.role = 'button'
    link.ariaExpanded = 'false'
  }
}
nameActs()
on('htmx:after:swap', nameActs)

// While an answer is on its way, what it will change is busy (app.css).
let source = null
let typed = false
let pages = false
// The counts of a filter's options come by themselves, and nothing follows from them.
const quiet = (ctx) => ctx.sourceElement.id === 'counts'
on('htmx:before:request', ({ detail: { ctx } }) => {
  if (quiet(ctx)) return
  // An answer may name another target, and then the context knows no more which one it was.
  ctx.busy = ctx.target
  ctx.busy?.setAttribute('aria-busy', 'true')
  source = ctx.sourceElement
  typed = ctx.sourceEvent?.type === 'input'
  pages = !!source.closest('.pager')
})
on('htmx:finally:request', ({ detail: { ctx } }) => ctx.busy?.removeAttribute('aria-busy'))

// A search that is typed on is one step for Back, not one for each letter.
on('htmx:before:history:update', ({ detail }) => {
  if (typed && new URLSearchParams(location.search).get('q')) detail.history.type = 'replace'
})

// The panel: its row is marked and stays where it was on the screen, and the focus goes in and comes back.
const personIn = (path) => path?.replace(/(\/(?:members|invitations)\/[^/]+)\/.*/, '$1')
const panelPath = () => (find('#panel.panel') ? personIn(location.pathname) : null)
const rowOf = (path) => all('.grid tbody th a').find((link) => personIn(link.pathname) === path)
const heightOf = (row) => (row?.offsetParent ? row.getBoundingClientRect().top : null)
let shown = panelPath()
let anchor = null
let place = null
let mends = false
on('htmx:before:swap', ({ detail: { ctx } }) => {
  if (quiet(ctx)) return
  // Only now is the form still there that says it.
  mends = ctx.response?.status >= 400 && inPlace(ctx)
  anchor = shown ?? personIn(source.pathname)
  place = heightOf(rowOf(anchor)) ?? place
})
// A form that comes back with what is wrong says where it goes; every other error's answer is swapped nowhere (views/parts/sent.ts).
const inPlace = ({ hx, response, sourceElement }) =>
  hx?.reswap !== 'none' && sourceElement.hasAttribute(`data-hx-status:${response.status}`)
find('#errors')?.focus()
on('htmx:after:swap', ({ detail: { ctx } }) => {
  if (quiet(ctx)) return
  if (ctx.response?.status >= 400) {
    if (mends) find('#errors')?.focus()
    return
  }
  const was = shown
  shown = panelPath()
  find('#toast')?.replaceChildren()
  // Another screen: from its top, and for those who hear it too.
  if (ctx.target?.id === 'main') {
    scrollTo(0, 0)
    ctx.target.focus({ preventScroll: true })
    return
  }
  for (const link of all('.grid tbody [aria-current]')) link.removeAttribute('aria-current')
  rowOf(shown)?.setAttribute('aria-current', 'true')

  const searched = source.matches('form.find')
  const back = source === document.body
  const focusLost = () => document.activeElement === document.body
  if (shown && (shown !== was || focusLost() || source.closest('#acts'))) find('#panel').focus({ preventScroll: true })
  else if (was && !shown && focusLost()) rowOf(was)?.focus({ preventScroll: true })

  const now = heightOf(rowOf(anchor))
  if (pages || (shown && narrow.matches)) scrollTo(0, 0)
  else if (shown !== was && !searched && !back && place !== null && now !== null) scrollBy(0, now - place)

  if (searched) {
    for (const menu of all('.find details[open]')) menu.open = false
    find('#filters')?.hidePopover?.()
  }
  // What was pressed is gone, like the last filter's chip: reading goes on at the number of people found.
  const found = !back && focusLost() && find('.found output')
  if (found) {
    found.tabIndex = -1
    found.focus({ preventScroll: true })
  }
})

// What is shown once can be copied, where the browser lets pages do that; backup codes can be printed, too.
const buttonFor = (label, act) => {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'btn'
  button.textContent = label
  button.addEventListener('click', act)
  return button
}
const copyOf = (parts) =>
  buttonFor('Copy', () =>
    navigator.clipboard.writeText(parts.map((part) => part.textContent).join('\n')).then(
      () => tell('Copied.'),
      () => tell('Your browser doesn’t let it be copied. Select it instead.'),
    ),
  )
const addCopy = () => {
  const row = find('[data-codes]:not(:has(button))')
  row?.append(buttonFor('Print', () => print()))
  if (!navigator.clipboard) return
  row?.append(copyOf(all('.codes code')))
  const secret = find('[data-copy]:only-child')
  secret?.after(' ', copyOf([secret]))
}
addCopy()
on('htmx:after:swap', addCopy)

// What an act did is said as the toast, and what it changed elsewhere, the person's row, is replaced. Rows are known by their address.
on('htmx:after:swap', () => {
  const news = find('template[data-said]')
  if (!news) return
  const row = find('tr', news.content)
  // Inside of a template a link has no address to be relative to.
  const old = row && rowOf(new URL(find('th a', row).getAttribute('href'), location.href).pathname)?.closest('tr')
  old?.replaceWith(row)
  if (old) htmx.process(row)
  tell(news.dataset.said)
  news.remove()
})

// The form and the address say the same, whichever of the two was changed.
on('htmx:after:swap', ({ detail: { ctx } }) => {
  const form = find('form.find')
  if (!form || quiet(ctx)) return
  const query = new URLSearchParams(location.search)
  const who = find('#who-can')
  if (who) who.search = location.search
  const names = new Set()
  for (const input of form.elements) {
    const values = query.getAll(input.name)
    if (input.type === 'checkbox') input.checked = values.includes(input.value)
    else if (input.type === 'radio') input.checked = input.value === (values[0] ?? '')
    else if (input.name === 'q' && input !== document.activeElement) input.value = values[0] ?? ''
    else if (input.name === 'sort') input.value = values[0] ?? input.dataset.usual
    const typed = ['permission', 'from', 'to'].includes(input.name)
    if (typed) input.value = values[0] ?? ''
    if ((input.checked || typed) && input.value) names.add(input.type === 'date' ? 'timeframe' : input.name)
  }
  const fold = find('.find > .fold')
  if (fold) fold.textContent = `Filters${names.size ? ` (${names.size})` : ''}`
})

// A phone's filters: a link leads to where they stand, and as a popover they are in front of everything and close by themselves.
const makeSheet = () => {
  const sheet = find('#filters:not([popover])')
  if (!sheet || !('popover' in sheet)) return
  sheet.popover = 'auto'
  for (const link of all('.find > .fold, .filters > header a')) {
    const button = document.createElement('button')
    button.type = 'button'
    button.className = link.className
    button.ariaLabel = link.ariaLabel
    button.setAttribute('popovertarget', 'filters')
    button.append(...link.childNodes)
    link.replaceWith(button)
  }
}
makeSheet()
on('htmx:after:swap', makeSheet)

// An error leaves the screen as it is and is told in the toast.
const tell = (text) => {
  find('#toast')?.insertAdjacentHTML(
    'beforeend',
    '<div class="toast"><span></span><button class="icon" type="button" data-dismiss aria-label="Dismiss">×</button></div>',
  )
  const toasts = all('#toast > .toast')
  const toast = toasts.pop()
  for (const old of toasts) old.remove()
  if (toast) find('span', toast).textContent = text
}
const unreachable = 'Rollcall can’t be reached. Check the connection and try again.'
const tellOf = (answer) => {
  const html = new DOMParser().parseFromString(answer, 'text/html')
  tell(find('.toast span', html)?.textContent ?? 'This didn’t work. Try again.')
}
on('htmx:response:error', ({ detail: { ctx } }) => {
  // Back or Forward to a page that can't be shown: the browser asks for it itself, and shows its error.
  if (ctx.sourceElement === document.body) return location.reload()
  if (inPlace(ctx)) return
  tellOf(ctx.text ?? '')
})
on('htmx:error', ({ detail: { ctx } }) => {
  if (!ctx?.response) tell(unreachable)
})
