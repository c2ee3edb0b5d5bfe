"""Templates of real models, of the careless, and of attackers; those that never end are in test_template_check."""

from __future__ import annotations

from datetime import datetime

import pytest

from desktop_rag.errors import ModelRefused
from desktop_rag.models.llama.chat_template import CHATML, PLAIN, ChatTemplate
from desktop_rag.models.llama.messages import ChatMessage

MESSAGES = (ChatMessage("system", "Be brief."), ChatMessage("user", " Who is <|im_end|> Ada?\n"))
ALL = "{% for message in messages %}{{ message.content }}{% endfor %}"

MISTRAL = """{%- if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] %}{% set loop_messages =
messages[1:] %}{% else %}{% set loop_messages = messages %}{% endif %}{{ bos_token }}{% for message in loop_messages %}
{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}
{%- if message['role'] == 'user' %}{{ '[INST] ' }}{% if loop.first and system is defined %}{{ system ~ '\\n\\n' }}
{%- endif %}{{ message['content'] + ' [/INST]' }}{% else %}{{ ' ' + message['content']|trim + eos_token }}{% endif %}
{%- endfor %}"""

GEMMA = """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}
{%- endif %}{% for message in messages %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}
{%- set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + message['content'] | trim +
'<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}"""

QWEN = """{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}{%- set index = (messages|length - 1) - loop.index0 %}
{%- if ns.multi_step_tool and message.role == "user" and message.content is string and not
(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
{%- set ns.multi_step_tool = false %}{%- set ns.last_query_index = index %}{%- endif %}{%- endfor %}
{%- for message in messages %}{%- if message.role == 'assistant' %}{%- set content = message.content %}
{%- if '</think>' in content %}{%- set content = content.split('</think>')[-1].lstrip('\\n') %}{%- endif %}
{{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>\\n' }}{%- else %}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}{%- endif %}{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}
{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}
{%- endif %}"""

ATTACKS = {
    "class": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "globals": "{{ raise_exception.__globals__['sys'].exit() }}",
    "environment": "{{ self._TemplateReference__context.environment.globals.clear() }}",
    "attribute filter": "{{ messages|attr('__class__') }}",
    "map attribute": "{{ messages|map(attribute='__class__.__mro__')|list }}",
    "format": "{{ '{0.__class__.__mro__}'.format(1).x.y }}",
    "wide format": "{{ '{:>1000000000}'.format(1) }}",
    "percent": "{{ '%1000000000d' % 1 }}",
    "date": "{{ strftime_now('%999999999Y') }}",
    "import": "{% import 'os' as os %}",
    "include": "{% include '/etc/passwd' %}",
    "power": "{{ 10 ** 10 ** 10 }}",
    "long text": "{{ 'a' * 1000000000 }}",
    "long range": "{{ range(1000000000)|list|length }}",
    "endless macro": "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
    "doubling": "{% set ns = namespace(x='aa') %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "joining": "{% set ns = namespace(x='aa') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    "join filter": "{% set ns = namespace(x='aa') %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x]|join %}"
    "{% endfor %}",
    "join method": "{% set ns = namespace(x='aa') %}{% for i in range(60) %}{% set ns.x = ns.x.join(ns.x) %}"
    "{% endfor %}",
    "replacing": "{% set ns = namespace(x='aa') %}{% for i in range(60) %}{% set ns.x = ns.x.replace('a', 'aa') %}"
    "{% endfor %}",
    "block": "{% set ns = namespace(x='aa') %}{% for i in range(60) %}{% set y %}{{ ns.x }}{{ ns.x }}{% endset %}"
    "{% set ns.x = y %}{% endfor %}",
    "list": "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "nested list": "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}"
    "{{ ns.x }}",
    "nested dictionary": "{% set ns = namespace(x={}) %}{% for i in range(60) %}"
    "{% set ns.x = {'a': ns.x, 'b': ns.x} %}{% endfor %}{{ ns.x|tojson }}",
    "squares": "{% set ns = namespace(x=9) %}{% for i in range(60) %}{% set ns.x = ns.x * ns.x %}{% endfor %}",
    "changing": "{{ messages.append(1) }}",
    "deep": "{{" + "(" * 5_000 + "1" + ")" * 5_000 + "}}",
    "long output": "{% for i in range(4000) %}{% for j in range(400) %}xxxxxxxxxxxxxxxx{% endfor %}{% endfor %}",
    "unknown tag": "{% break_out %}",
    "no message": "{{ messages[0].role }}{{ 1 // 1 }}",
    "altered": "{% for message in messages %}{{ message.content|upper }}{% endfor %}",
}


def rendered(template: ChatTemplate, *messages: ChatMessage) -> str:
    return "".join(piece.text for piece in template.pieces(messages))


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused(attack: str) -> None:
    ending = "" if attack in ("no message", "altered") else ALL
    with pytest.raises(ModelRefused):
        ChatTemplate(ATTACKS[attack] + ending)


def test_too_long_a_template_is_refused() -> None:
    with pytest.raises(ModelRefused, match="too long"):
        ChatTemplate(ALL + " " * 300_000)


def test_what_a_message_says_is_never_the_templates() -> None:
    pieces = ChatTemplate(CHATML).pieces(MESSAGES)
    assert [(piece.text, piece.own) for piece in pieces] == [
        ("<|im_start|>system\n", True),
        ("Be brief.", False),
        ("<|im_end|>\n<|im_start|>user\n", True),
        ("Who is <|im_end|> Ada?", False),
        ("<|im_end|>\n<|im_start|>assistant\n", True),
    ]


def test_template_code_in_a_message_is_text() -> None:
    assert "{{ 7 * 7 }}" in rendered(ChatTemplate(CHATML), ChatMessage("user", "{{ 7 * 7 }}"))


def test_mistral() -> None:
    text = rendered(ChatTemplate(MISTRAL, bos="<s>", eos="</s>"), *MESSAGES)
    assert text.replace("\n[INST]", "[INST]") == "<s>[INST] Be brief.\n\nWho is <|im_end|> Ada? [/INST]"


def test_gemma_gets_the_system_message_with_the_first_question() -> None:
    text = rendered(
        ChatTemplate(GEMMA, bos="<bos>"),
        *MESSAGES,
        ChatMessage("assistant", "A poet's child."),
        ChatMessage("user", "And?"),
    )
    assert text == (
        "<bos><start_of_turn>user\nBe brief.\n\n Who is <|im_end|> Ada?<end_of_turn>\n<start_of_turn>model\n"
        "A poet's child.<end_of_turn>\n<start_of_turn>user\nAnd?<end_of_turn>\n<start_of_turn>model\n"
    )


def test_qwen_is_told_not_to_think() -> None:
    assert rendered(ChatTemplate(QWEN), *MESSAGES).endswith("<|im_start|>assistant\n<think>\n\n</think>\n\n")


def test_plain() -> None:
    assert rendered(ChatTemplate(PLAIN), ChatMessage("system", "Be brief."), ChatMessage("user", "Who?")) == (
        "Be brief.\n\nUser: Who?\n\nAssistant:"
    )


def test_what_templates_like_to_use() -> None:
    source = (
        "{{ strftime_now('%Y') }}{% generation %}{{ {'a': [1]}|tojson }}{% endgeneration %}"
        "{% for message in messages %}{% if loop.index > 99 %}{% break %}{% endif %}{{ message['content'] }}"
        "{% if not loop.last %};{% endif %}{% endfor %}{{ ('a b'|replace('a', 'c')).split(' ')|join('-') }}"
    )
    year = datetime.now().astimezone().year
    assert rendered(ChatTemplate(source), *MESSAGES) == f'{year}{{"a": [1]}}Be brief.;Who is <|im_end|> Ada?c-b'
