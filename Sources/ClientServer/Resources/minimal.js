// /minimal.html?token=… : one call at a time, any call is taken. Nothing but the Voice Call Signaling Protocol.
const { callee, call, end, audio } = Object.fromEntries([...document.querySelectorAll('[id]')].map((e) => [e.id, e]));
const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/ws/call/${location.search}`), pc = new RTCPeerConnection();
const send = (action, fields) => socket.send(JSON.stringify({ action, ...fields }));
const describe = async () => { await pc.setLocalDescription(); return pc.localDescription; };
let peer, id;
socket.onmessage = async ({ data }) => {
  const message = JSON.parse(data);
  if (message.type === 'incoming_call') { ({ caller_id: peer, call_id: id } = message); send('answer_call', { call_id: id, caller_id: peer }); }
  if (message.type === 'call_answered') send('offer', { callee_id: peer, offer: await describe() });
  if (message.type === 'call_offer') { await pc.setRemoteDescription(message.offer); send('answer', { caller_id: peer, answer: await describe() }); }
  if (message.type === 'call_answer') await pc.setRemoteDescription(message.answer);
  if (message.type === 'ice_candidate') await pc.addIceCandidate(message.candidate ?? undefined);
  if (['call_hanged_up', 'call_rejected', 'call_cancelled'].includes(message.type)) location.reload();
};
pc.ontrack = ({ streams }) => { audio.srcObject = streams[0]; };
pc.onicecandidate = ({ candidate }) => send('ice_candidate', { peer_id: peer, candidate });
call.onclick = () => { peer = callee.value; send('start_call', { callee_id: peer }); };
end.onclick = () => { send('hang_up', { peer_id: peer, call_id: id }); location.reload(); };
for (const track of (await navigator.mediaDevices.getUserMedia({ audio: true })).getTracks()) pc.addTrack(track);
