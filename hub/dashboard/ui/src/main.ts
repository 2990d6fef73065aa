/** Starts the page. */
import './styles.css'

import { createPinia } from 'pinia'
import { createApp } from 'vue'

import { heedActs } from './api/acts'
import App from './App.vue'
import { makeRouter } from './router'
import { takeCode } from './stores/session'

// Before the router reads the address: the code must not stay in it.
const code = takeCode()
heedActs()

createApp(App, { code }).use(createPinia()).use(makeRouter()).mount('#app')
