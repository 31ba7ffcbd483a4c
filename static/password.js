// Tells as it is typed whether a new password is long enough, which alone makes it strong; the server judges the rest.
// Where no script runs the hint above says the same.
const { least } = document.currentScript.dataset
const field = document.getElementById('password')
const told = document.createElement('output')
told.className = 'hint'
told.setAttribute('for', 'password')
field.after(told)
field.addEventListener('input', () => {
  const length = [...field.value].length
  const left = least - length
  const short = left === 1 ? '1 character more is needed' : `${left} characters more are needed`
  told.value = length === 0 ? '' : left > 0 ? short : left > -5 ? 'Long enough. Longer is stronger.' : 'Strong'
})
