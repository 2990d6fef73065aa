/// <reference types="vite/client" />

/** The name of this build; the hub says in each snapshot which one it serves. */
declare const __BUILD__: string
