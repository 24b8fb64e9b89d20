import { defineConfig } from '@playwright/test';
import base from './playwright.config';

export default defineConfig({ ...base, testDir: 'screenshots', testMatch: '**/*.spec.ts', timeout: 300_000 });
