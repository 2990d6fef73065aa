// Sets the theme before the first paint. A file of its own, because the page's policy refuses inline scripts.
;(function () {
  var wanted = 'system'
  try {
    wanted = JSON.parse(localStorage.getItem('corral.settings') || '{}').theme || 'system'
  } catch (unreadable) {
    wanted = 'system'
  }
  var isLight = wanted === 'light' || (wanted !== 'dark' && matchMedia('(prefers-color-scheme: light)').matches)
  document.documentElement.dataset.theme = isLight ? 'light' : 'dark'
})()
