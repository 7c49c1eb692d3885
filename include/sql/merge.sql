-- The staging tables of one run into the tables. An order stands in pdv only when its other rows stand already.
{% include 'merge/produto.sql' %}

{% include 'merge/pesquisa.sql' %}

{% include 'merge/pdv.sql' %}
