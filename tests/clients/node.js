import WebSocket from 'ws';
import { serve } from './runner.js';

await serve(process.argv[2], 'ws', WebSocket);
