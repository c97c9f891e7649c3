"""Registers, says something, prints the answer: python client.py AUTH_ADDRESS CHAT_ADDRESS NAME

Needs `pip install grpcio-tools`; run it in the folder proto/, where the contracts are.
"""
import sys, grpc

auth_address, chat_address, name = sys.argv[1:4]
auth, auth_rpc = grpc.protos_and_services("aibuddy/auth/v1/auth_service.proto")
chat, chat_rpc = grpc.protos_and_services("aibuddy/chat/v1/chat_service.proto")
accounts = auth_rpc.AuthServiceStub(grpc.insecure_channel(auth_address))
conversations = chat_rpc.ChatServiceStub(grpc.insecure_channel(chat_address))
login = accounts.Register(auth.RegisterRequest(username=name, password=f"{name} has a secret"))
token = [("authorization", f"Bearer {login.tokens.access}")]
answer = conversations.SendMessage(chat.SendMessageRequest(text="I need someone to talk to"), metadata=token)
print(answer.ai_message.text)
