// The way in: styles, then the application. Nothing else belongs here.
import './styles/tokens.css';
import './styles/base.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { preferredLocale, setLocale } from './lib/i18n/index.svelte';

// A newer console was installed meanwhile, and this page's parts are gone: take the new one. Drafts are on the server.
window.addEventListener('vite:preloadError', () => location.reload());

const target = document.getElementById('app');
// The words come first, so that nothing is shown in one language and then in another. English serves if they don't come.
await setLocale(preferredLocale()).catch(() => setLocale('en'));
if (target) mount(App, { target });
