import { defineConfig } from '@playwright/test';
import base from './playwright.config';

export default defineConfig({ ...base, testDir: 'screenshots', testMatch: '**/*.spec.ts', workers: 1, timeout: 300_000 });
